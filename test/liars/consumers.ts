/** Contracts that are called back with the answer, and do not behave. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContractFactory, Wallet } from 'ethers';
import { execa } from 'execa';
import type { Address } from '../../src/chain/typed.js';
import { forgeBinary } from '../../tools/forge-binary.js';
import { lieIn } from './lies.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCE = 'contracts/test/helpers/Consumers.sol';

let compiled: Promise<unknown> | null = null;

/** The consumers of the contracts' own tests. */
async function deployConsumer(stage: Stage, name: string, args: readonly unknown[] = []): Promise<Address> {
  compiled ??= execa(forgeBinary(), ['build', SOURCE], { cwd: ROOT });
  await compiled;
  const file = join(ROOT, `contracts/out/Consumers.sol/${name}.json`);
  if (!existsSync(file)) throw new Error(`forge has built no ${name}.`);
  const { abi, bytecode } = JSON.parse(readFileSync(file, 'utf8'));
  const { node, accounts } = stage.chain.devnet;
  const deployer = new Wallet(accounts[0]?.privateKey ?? '', node);
  const contract = await new ContractFactory(abi, bytecode.object, deployer).deploy(...args);
  await contract.waitForDeployment();
  return (await contract.getAddress()) as Address;
}

function consumer(name: string, sentence: string, contract: string, args: readonly unknown[] = []): Strategy {
  return {
    name,
    sentence,
    async play(stage) {
      const address = await deployConsumer(stage, contract, args);
      const job = await stage.request('right', { consumer: address });
      const lie = lieIn(stage, 3);
      const liar = stage.liar(lie.trace);
      await stage.claim(job, liar.account, lie.trace);
      await stage.honestly('watch');
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
    },
  };
}

export const CONSUMERS: readonly Strategy[] = [
  consumer('consumer-reverts', 'the contract that is called back with the answer reverts', 'Reverter'),
  consumer('consumer-burns-its-gas', 'the contract that is called back burns all the gas that it gets', 'GasBurner'),
  consumer(
    'consumer-re-enters',
    'the contract that is called back ends the job again, withdraws and reclaims',
    'ReentrantConsumer',
  ),
  consumer(
    'consumer-returns-a-bomb',
    'the contract that is called back returns more than anybody can pay to copy',
    'ReturnBomb',
    [false],
  ),
  consumer(
    'consumer-reverts-with-a-bomb',
    'the contract that is called back reverts with more than anybody can pay to copy',
    'ReturnBomb',
    [true],
  ),
];
