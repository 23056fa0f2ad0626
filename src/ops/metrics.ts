/** What is measured, in Prometheus's terms. Wei are told as ether: a double has not the digits of wei. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

export class Metrics {
  readonly registry = new Registry();

  readonly jobs = this.gauge('og_jobs', 'Jobs that are known: those that are open, and those that ended lately.');
  readonly jobsSeen = this.counter('og_jobs_seen_total', 'Jobs that were looked at for the first time.');
  readonly verdicts = this.counter('og_verdicts_total', 'Claims that were judged.', ['verdict']);
  readonly decisions = this.counter('og_decisions_total', 'Lines of the log, by decision and level.', [
    'decision',
    'level',
  ]);
  readonly transactions = this.counter('og_transactions_total', 'Transactions that were mined.', ['kind']);
  readonly gas = this.counter('og_gas_used_total', 'Gas of transactions that were mined.');
  readonly matches = this.gauge('og_matches', 'Matches that are being played, by phase.', ['phase']);
  readonly wrongClaims = this.gauge('og_wrong_claims', 'Live claims that are wrong.');
  readonly nearestClock = this.gauge(
    'og_nearest_clock_seconds',
    'Seconds left on the nearest clock; absent when none runs.',
    ['job'],
  );
  readonly head = this.gauge('og_chain_head_block', 'Block up to which the chain was read.');
  readonly headAge = this.gauge('og_chain_head_age_seconds', "Age of that block by this machine's clock.");
  readonly lastRead = this.gauge('og_chain_last_read_timestamp_seconds', 'When the chain was last read.');
  readonly nodeUp = this.gauge('og_node_ok', '1 while a node is asked, 0 while it is not.', ['node']);
  readonly nodeLag = this.gauge('og_node_lag_blocks', 'Blocks that a node is behind.', ['node']);
  readonly nodeRequests = this.counter('og_node_requests_total', 'Requests to a node.', ['node']);
  readonly nodeErrors = this.counter('og_node_errors_total', 'Requests to a node that failed.', ['node']);
  readonly balance = this.gauge('og_balance_ether', 'Balance of an account.', ['account']);
  readonly atRisk = this.gauge('og_bonds_at_risk_ether', 'Own bonds in jobs that are open.');
  readonly credit = this.gauge('og_credit_ether', 'Credit that is not withdrawn.');
  readonly runs = this.counter('og_runs_total', 'Runs of models.', ['outcome']);
  readonly runSeconds = this.histogram('og_run_seconds', 'Time of a run.', RUN_SECONDS);
  readonly runMemory = this.gauge('og_run_memory_bytes', 'Most memory of the process of the last run.');
  readonly queue = this.gauge('og_run_queue_length', 'Runs that wait for a process.');
  readonly queueUp = this.gauge('og_queue_up', '1 while a queue of runners can be reached.', ['queue']);
  readonly queueWaiting = this.gauge('og_queue_waiting', 'Runs in a queue that no runner has begun.', ['queue']);
  readonly queueRunners = this.gauge('og_queue_runners', 'Runners that are connected to a queue.', ['queue']);
  readonly runnerRuns = this.counter('og_runner_runs_total', 'Runs that were given to a queue and came back.', [
    'queue',
    'runner',
    'outcome',
  ]);
  readonly runnerSeconds = this.histogram('og_runner_seconds', 'Time from asking runners to the reply.', RUN_SECONDS);
  readonly rechecks = this.counter(
    'og_runner_rechecks_total',
    'Runs of runners that were made here as well, by whether they came to the same.',
    ['result'],
  );
  readonly unchecked = this.gauge('og_runner_unchecked', 'Runs that runners have made and this machine has not yet.');
  readonly alerts = this.gauge('og_alerts', 'Alerts that last.', ['kind']);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}
