/** Contracts with the types of their ABIs: names, arguments and results are checked by the compiler. */
import type {
  Abi,
  AbiParametersToPrimitiveTypes,
  AbiParameterToPrimitiveType,
  AbiStateMutability,
  ExtractAbiEvent,
  ExtractAbiEventNames,
  ExtractAbiFunction,
  ExtractAbiFunctionNames,
} from 'abitype';
import {
  type EventFragment,
  keccak256 as ethersKeccak256,
  type FunctionFragment,
  Interface,
  type InterfaceAbi,
  type Log,
  type ParamType,
} from 'ethers';
import type { Hex } from '../commit/hash.js';
import { keccak256 } from '../commit/keccak.js';
import { NetworkError } from '../errors.js';
import type { BlockId, Node } from './provider.js';

// ethers hashes the name of what is called at every call, and every address that it decodes.
ethersKeccak256.register(keccak256);

declare module 'abitype' {
  interface Register {
    /** ethers gives every integer as a bigint, however small. */
    intType: bigint;
  }
}

export type Address = `0x${string}`;

type Mutating = Exclude<AbiStateMutability, 'view' | 'pure'>;
type Viewing = 'view' | 'pure';

type Inputs<A extends Abi, N extends ExtractAbiFunctionNames<A>> = AbiParametersToPrimitiveTypes<
  ExtractAbiFunction<A, N>['inputs'],
  'inputs'
>;
type Outputs<A extends Abi, N extends ExtractAbiFunctionNames<A>> = AbiParametersToPrimitiveTypes<
  ExtractAbiFunction<A, N>['outputs'],
  'outputs'
>;
/** One result is that value, several are a tuple. */
type Result<A extends Abi, N extends ExtractAbiFunctionNames<A>> =
  Outputs<A, N> extends readonly [infer Only] ? Only : Outputs<A, N>;

type EventArgs<A extends Abi, N extends ExtractAbiEventNames<A>> = {
  readonly [P in ExtractAbiEvent<A, N>['inputs'][number] as P['name'] extends string
    ? P['name']
    : never]: AbiParameterToPrimitiveType<P, 'outputs'>;
};

/** A decoded event, with where it stands in the chain. */
export type TypedEvent<A extends Abi> = {
  [N in ExtractAbiEventNames<A>]: {
    readonly name: N;
    readonly args: EventArgs<A, N>;
    readonly blockNumber: number;
    readonly transactionHash: Hex;
  };
}[ExtractAbiEventNames<A>];

export type EventNamed<A extends Abi, N extends ExtractAbiEventNames<A>> = Extract<TypedEvent<A>, { name: N }>;

/** A decoded call of a state-changing function. */
export type TypedCall<A extends Abi> = {
  [N in ExtractAbiFunctionNames<A, Mutating>]: {
    readonly name: N;
    readonly args: {
      readonly [P in ExtractAbiFunction<A, N>['inputs'][number] as P['name'] extends string
        ? P['name']
        : never]: AbiParameterToPrimitiveType<P, 'inputs'>;
    };
  };
}[ExtractAbiFunctionNames<A, Mutating>];

/** A call to send: who, what. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  /** The function, for people and for the gas meter. */
  readonly kind: string;
  readonly valueWei?: bigint;
}

const MULTICALL = new Interface(['function multicall(bytes[] data) payable returns (bytes[])']);

/** ethers' view of an ABI. */
export const interfaceOf = (abi: Abi): Interface => new Interface(abi as unknown as InterfaceAbi);

/** No view of ours gives nothing. */
function noContract(address: Address, name: string): NetworkError {
  return new NetworkError(
    'OG_NO_CONTRACT',
    `The node has no contract at ${address} that answers ${name}, at the block that was asked for.`,
    'It may lag behind; otherwise check the chain and the address.',
  );
}

export class TypedContract<const A extends Abi> {
  readonly interface: Interface;
  private readonly functions = new Map<string, FunctionFragment>();
  /** By topic: ethers would hash the names of all events for every log. */
  private readonly events = new Map<string, EventFragment>();

  constructor(
    readonly address: Address,
    abi: A,
    private readonly node: Node,
  ) {
    this.interface = interfaceOf(abi);
    this.interface.forEachFunction((each) => this.functions.set(each.name, each));
    this.interface.forEachEvent((each) => this.events.set(each.topicHash, each));
  }

  /** Reads a view: in the state of one block and no other, at a block number, or at the latest block. */
  async read<N extends ExtractAbiFunctionNames<A, Viewing>>(
    name: N,
    args: Inputs<A, N>,
    at: BlockId | number | 'latest' = 'latest',
  ): Promise<Result<A, N>> {
    const fragment = this.functions.get(name) as FunctionFragment;
    const data = this.interface.encodeFunctionData(fragment, args as readonly unknown[]);
    const { address: to, node } = this;
    const answer = await (typeof at === 'object' ? node.callAt(to, data, at) : node.call({ to, data, blockTag: at }));
    if (answer === '0x') throw noContract(to, name);
    const values = this.interface.decodeFunctionResult(fragment, answer);
    const plain = fragment.outputs.map((output, i) => plainValue(output, values[i]));
    return (plain.length === 1 ? plain[0] : plain) as Result<A, N>;
  }

  /** The call of a state-changing function. */
  call<N extends ExtractAbiFunctionNames<A, Mutating>>(name: N, args: Inputs<A, N>, valueWei?: bigint): Call {
    const data = this.interface.encodeFunctionData(name, args as readonly unknown[]) as Hex;
    return { to: this.address, data, kind: name, ...(valueWei === undefined ? {} : { valueWei }) };
  }

  /** Several calls in one transaction, for a contract that has `multicall` (solady's Multicallable). */
  together(calls: readonly Call[]): Call {
    const data = MULTICALL.encodeFunctionData('multicall', [calls.map((call) => call.data)]) as Hex;
    return { to: this.address, data, kind: calls.map(({ kind }) => kind).join('+') };
  }

  /** Topics of one event, or of any of several; `indexed` narrows by indexed arguments, in their order. */
  topics<N extends ExtractAbiEventNames<A>>(
    names: readonly N[],
    ...indexed: readonly (bigint | Hex)[]
  ): (Hex | Hex[])[] {
    const first = names.map((name) => this.interface.getEvent(name)?.topicHash as Hex);
    const rest = indexed.map((value): Hex => `0x${BigInt(value).toString(16).padStart(64, '0')}`);
    return [first, ...rest];
  }

  /** The event in a log of this contract, or null when it is another contract's or another kind of log. */
  event(log: Pick<Log, 'address' | 'topics' | 'data' | 'blockNumber' | 'transactionHash'>): TypedEvent<A> | null {
    if (log.address.toLowerCase() !== this.address.toLowerCase()) return null;
    const fragment = this.events.get(log.topics[0] ?? '');
    if (!fragment) return null;
    const values = this.interface.decodeEventLog(fragment, log.data, log.topics);
    const args = fragment.inputs.map((input, i) => [input.name, plainValue(input, values[i])] as const);
    const { blockNumber, transactionHash } = log;
    return {
      name: fragment.name,
      args: Object.fromEntries(args),
      blockNumber,
      transactionHash,
    } as unknown as TypedEvent<A>;
  }

  /** The first event of a kind among a receipt's logs. */
  find<N extends ExtractAbiEventNames<A>>(logs: readonly Log[], name: N): EventNamed<A, N> | null {
    for (const log of logs) {
      const event = this.event(log);
      if (event?.name === name) return event as EventNamed<A, N>;
    }
    return null;
  }
}

/** What a transaction's data calls; several calls where it is a `multicall`, none where it is no call of this contract. @throws RangeError */
export function callsIn<const A extends Abi>(contract: Interface, data: Hex): TypedCall<A>[] {
  const several = readCall(MULTICALL, data);
  if (several) return (several.args.data as Hex[]).flatMap((each) => callsIn<A>(contract, each));
  const call = readCall(contract, data);
  return call ? [call as unknown as TypedCall<A>] : [];
}

function readCall(contract: Interface, data: Hex): { name: string; args: Record<string, unknown> } | null {
  try {
    const parsed = contract.parseTransaction({ data });
    if (!parsed) return null;
    // ethers says only here that an argument cannot be read.
    const args = parsed.fragment.inputs.map((input, i) => [input.name, plainValue(input, parsed.args[i])] as const);
    return { name: parsed.name, args: Object.fromEntries(args) };
  } catch (cause) {
    throw new RangeError('The arguments of a call cannot be read.', { cause });
  }
}

/** ethers' results are arrays with names on the side; ours are plain objects and arrays. */
export function plainValue(type: ParamType, value: unknown): unknown {
  if (type.baseType === 'array')
    return [...(value as unknown[])].map((item) => plainValue(type.arrayChildren as ParamType, item));
  if (type.baseType !== 'tuple') return value;
  const fields = (type.components ?? []).map((field, i) => [field.name, plainValue(field, (value as unknown[])[i])]);
  return Object.fromEntries(fields) as unknown;
}
