import type { Log } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { creditOf, finalizeJob, withdraw } from '../../src/chain/claims.js';
import { demandCall, postCalls, readDemand, readPostedInput } from '../../src/chain/inputs.js';
import type { LogReader } from '../../src/chain/logs.js';
import { findRegistrations, readModel } from '../../src/chain/model-registry.js';
import { currentView, readerOfJob } from '../../src/chain/reader.js';
import { readJob, readJobs, readOutput } from '../../src/chain/requests.js';
import type { JobId } from '../../src/units.js';
import { smallInput } from './small-model.js';
import { CLIENT, codeOf, errorOf, LIAR, WATCHTOWER, WORKER, World } from './world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

async function postedInput(job: JobId): Promise<Int32Array | null> {
  const reader = await readerOfJob(world.contracts, job);
  await reader.refresh();
  return readPostedInput(world.contracts, reader.log.record(job)!, world.model.commitment.model);
}

test('an honest job becomes final, and the worker is paid', async () => {
  const job = await world.request();
  assert.equal(await postedInput(job), smallInput());
  const worker = world.devnet.sender(WORKER);
  await world.claim(WORKER, job);
  assert.is(await codeOf(readOutput(world.contracts, job)), 'OG_NOT_FINAL');
  assert.match(
    (await errorOf(finalizeJob(world.contracts, worker, job))).message,
    /The challenge window of job 1 is open until/,
  );
  await world.passWindow();
  const { logs } = await finalizeJob(world.contracts, worker, job);
  const paid = world.contracts.jobs.find(logs, 'Withdrawn');
  assert.is(
    paid?.args.amountWei,
    world.contracts.parameters.bondWei + 10n ** 15n,
    'whoever ends its own job is paid at once',
  );
  assert.equal([...((await readOutput(world.contracts, job)).bytes ?? [])], [0, 50]);
  assert.equal(world.truth.slots.at(-1), Int32Array.of(50));
  assert.is(await codeOf(finalizeJob(world.contracts, worker, job)), 'OG_JOB_ENDED');
});

test('the second claim of a race is refused before it costs a bond', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const error = await errorOf(world.claim(LIAR, job));
  assert.match(error.message, 'has 1 live claim(s) already; somebody was faster');
});

test('a job that nobody claims returns the fee', async () => {
  const job = await world.request();
  await world.devnet.passSeconds(601);
  await finalizeJob(world.contracts, world.devnet.sender(WORKER), job);
  assert.is((await readJob(world.contracts, job)).status, 'void');
  const client = world.devnet.sender(CLIENT);
  assert.is(await creditOf(world.contracts, client.address), 10n ** 15n);
  assert.is((await withdraw(world.contracts, client)).amountWei, 10n ** 15n);
  assert.match((await errorOf(readOutput(world.contracts, job))).message, 'is void');
});

test('an input that went by its root is demanded and posted', async () => {
  const { contracts, devnet, model } = world;
  const job = await world.request({ byRoot: true });
  assert.is(await postedInput(job), null);
  await world.claim(WORKER, job);
  const { inputRoot, windowEndsAt } = await readJob(contracts, job);
  await devnet.sender(WATCHTOWER).send(demandCall(contracts, job, inputRoot));
  assert.is((await readDemand(contracts, job))?.complete, false);
  assert.ok((await readJob(contracts, job)).inputOutstanding);
  await devnet.passSeconds(10);
  const worker = devnet.sender(WORKER);
  for (const call of await postCalls(contracts, job, model.commitment.model, smallInput())) await worker.send(call);
  assert.equal(await postedInput(job), smallInput());
  const view = await currentView(await readerOfJob(contracts, job), job);
  assert.not.ok(view.job.inputOutstanding);
  assert.ok(view.job.windowEndsAt > windowEndsAt, 'the window starts again');
  assert.is(await creditOf(contracts, worker.address), contracts.parameters.inputDemandWei);
});

test('models are found with their provenance, newest first', async () => {
  const { contracts, model, store } = world;
  assert.equal(await readModel(contracts, model.modelId), model.commitment.model);
  const [found, ...others] = await findRegistrations(contracts, model.modelId);
  assert.is(found?.uri, store.artefactPath(model.modelId));
  assert.equal(others, []);
  assert.is(await codeOf(readModel(contracts, `0x${'ab'.repeat(32)}`)), 'OG_UNKNOWN_MODEL');
});

test('jobs are listed newest first', async () => {
  for (let i = 0; i < 3; i++) await world.request();
  assert.equal(
    (await readJobs(world.contracts, 2)).map(({ id }) => id),
    [3n, 2n],
  );
});

test('a node that lies about a model or an input is not believed', async () => {
  const { contracts, model } = world;
  const job = await world.request();
  const reader = await readerOfJob(contracts, job);
  await reader.refresh();
  const record = reader.log.record(job)!;
  /** Changes the first byte of the input. */
  const all: LogReader['all'] = async (...query) => {
    const firstByte = 2 + 4 * 64; // after the root, the fee, and the input's offset and length
    return (await contracts.logs.all(...query)).map(
      ({ address, topics, data, blockNumber, transactionHash }) =>
        ({
          address,
          topics,
          data: `${data.slice(0, firstByte)}7f${data.slice(firstByte + 2)}`,
          blockNumber,
          transactionHash,
        }) as Log,
    );
  };
  const lying = { ...contracts, logs: { all } as LogReader };
  assert.is(await readPostedInput(lying, record, model.commitment.model), null);

  const { registry } = contracts;
  const read = async (...args: Parameters<typeof registry.read>): Promise<unknown> => {
    const answer = await registry.read(...args);
    return args[0] === 'get' ? { ...(answer as object), stepCount: 7n } : answer;
  };
  const liar = Object.assign(Object.create(registry), { read });
  assert.is(await codeOf(readModel({ ...contracts, registry: liar }, model.modelId)), 'OG_LYING_NODE');
});

test.run();
