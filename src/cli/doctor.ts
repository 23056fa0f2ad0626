/** What a first start needs, looked at one by one; each finding says what to do. */
import type { Contracts } from '../chain/contracts.js';
import { asHash } from '../commit/hash.js';
import { OgError } from '../errors.js';
import { showWei } from './amounts.js';
import { isModelId } from './ids.js';
import { accountChoices, openSession } from './session.js';
import { listed, type SettingFlags, settingsOf } from './settings.js';
import { openStore } from './store.js';

export interface Finding {
  readonly check: 'node' | 'contracts' | 'clock' | 'key' | 'balance' | 'models' | 'arithmetic' | 'queue';
  /** `skipped`: it could not be looked at because another check failed. */
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to do; null when nothing. */
  readonly todo: string | null;
}

export interface DoctorFlags extends SettingFlags {
  readonly model?: readonly string[] | undefined;
  /** oclif gives a list, but a variable of the environment as it is. */
  readonly queue?: readonly string[] | string | undefined;
}

/** More than block times and their spread explain. */
const MOST_DRIFT_SECONDS = 120;

type Look = { readonly detail: string; readonly todo?: string };

/** Never throws: what goes wrong is a finding. */
export async function examine(flags: DoctorFlags): Promise<Finding[]> {
  const findings: Finding[] = [];
  const look = async <T extends Look>(check: Finding['check'], doIt: () => Promise<T>): Promise<T | null> => {
    try {
      const found = await doIt();
      findings.push({ check, result: found.todo ? 'failed' : 'ok', detail: found.detail, todo: found.todo ?? null });
      return found;
    } catch (error) {
      const hint = error instanceof OgError ? error.hint : undefined;
      findings.push({
        check,
        result: 'failed',
        detail: (error as Error).message,
        todo: hint ?? 'Mend this and try again.',
      });
      return null;
    }
  };
  const skip = (check: Finding['check'], why: string): void =>
    void findings.push({ check, result: 'skipped', detail: why, todo: null });

  await look('arithmetic', arithmetic);
  const settings = await settingsOf(flags);
  const connected = await look('node', async () => {
    const { contracts } = await openSession(flags);
    const { node } = contracts;
    const { number } = await node.latestBlock();
    return { detail: `chain ${node.chainId}, block ${number}; ${contracts.address}`, contracts };
  });
  const account = await look('key', async () => {
    const { openAccount } = await import('../chain/keystore.js');
    const wallets = [];
    for (const choice of accountChoices(settings)) wallets.push(await openAccount(choice));
    return { detail: wallets.map(({ address }) => address).join(', '), address: wallets[0]?.address ?? '' };
  });
  const contracts = connected?.contracts;
  if (contracts) {
    await look('contracts', async () => sameContracts(contracts));
    await look('clock', async () => clockDrift(contracts));
  } else for (const check of ['contracts', 'clock'] as const) skip(check, 'there is no connection to the chain');
  if (contracts && account) await look('balance', async () => balance(contracts, account.address));
  else skip('balance', contracts ? 'there is no account' : 'there is no connection to the chain');
  await look('models', async () => models(flags));
  for (const url of listed(flags.queue) ?? []) await look('queue', async () => queue(url));
  return findings;
}

async function arithmetic(): Promise<Look> {
  const { requireExactArithmetic } = await import('../verify/self-test.js');
  try {
    await requireExactArithmetic();
    return { detail: 'this machine computes the known results' };
  } catch (error) {
    if (error instanceof OgError) throw error;
    const todo = 'Do not run a worker or a watchtower on this machine, and report it with its CPU.';
    return { detail: (error as Error).message, todo };
  }
}

function sameContracts({ sameBuild, address }: Contracts): Look {
  if (sameBuild) return { detail: 'they are those of this version' };
  const todo =
    'Check --deployment: use the address that whoever runs the deployment publishes, and the version of og it was made with.';
  return { detail: `${address} is not what this version deploys with these parameters`, todo };
}

async function clockDrift({ node }: Contracts): Promise<Look> {
  if (node.isDevnet) return { detail: 'a devnet keeps its own time' };
  const driftSeconds = Math.round(Date.now() / 1000) - (await node.latestBlock()).timestamp;
  const detail = `the newest block is ${driftSeconds} s old by this machine's clock`;
  if (driftSeconds < -15) return { detail, todo: "Set this machine's clock (chrony or systemd-timesyncd)." };
  if (driftSeconds > MOST_DRIFT_SECONDS)
    return { detail, todo: "Check that the node follows the chain, and set this machine's clock." };
  return { detail };
}

async function balance({ node, parameters }: Contracts, address: string): Promise<Look> {
  const balanceWei = await node.getBalance(address);
  const detail = `${showWei(balanceWei)}; a bond is ${showWei(parameters.bondWei)}`;
  if (balanceWei > parameters.bondWei) return { detail };
  return { detail, todo: `Send ether to ${address}: a bond for each dispute at a time, and gas.` };
}

async function queue(url: string): Promise<Look> {
  const { examineQueue } = await import('../queue/examine.js');
  const { name, version, evictionPolicy, waiting, runners } = await examineQueue(url);
  const detail = `${name}: Redis ${version}, ${waiting} runs wait, ${runners ?? 'an unknown number of'} runners are there`;
  if (evictionPolicy !== null && evictionPolicy !== 'noeviction')
    return { detail: `${detail}; its maxmemory-policy is ${evictionPolicy}`, todo: 'Set maxmemory-policy noeviction.' };
  if (runners === 0) return { detail, todo: 'Start og runner --queue with this address on another machine.' };
  return { detail };
}

async function models(flags: DoctorFlags): Promise<Look> {
  const store = await openStore(flags);
  const named = flags.model?.length ? flags.model : await store.modelIds();
  const { loadModel } = await import('./models.js');
  const { requireWithinLimits } = await import('../verify/limits.js');
  for (const name of named) {
    const model = isModelId(name) ? await store.model(asHash(name)) : await loadModel(name, store);
    if (!model)
      return {
        detail: `model ${name} is not in ${store.folder}`,
        todo: 'Compile it, or let og watch fetch it from its registrant.',
      };
    requireWithinLimits(model.commitment.program);
  }
  return { detail: `${named.length} ready in ${store.folder}` };
}
