/** Models by id: what they are, who says where to get them. */
import { asHash, type Hash } from '../commit/hash.js';
import { type ModelHeader, modelIdOf } from '../commit/model.js';
import { UserError } from '../errors.js';
import type { ElementWidth } from '../program/step.js';
import type { Contracts } from './contracts.js';
import type { Sender, Sent } from './sender.js';
import type { Address } from './typed.js';

/** Said by the registrant, checked by nobody on-chain. */
export interface Provenance {
  /** SHA-256 of the ONNX file that it was compiled from. */
  readonly sourceSha256: Hash;
  /** keccak256 of the fidelity report's canonical JSON. */
  readonly fidelityHash: Hash;
  /** Where the artefact can be fetched. */
  readonly uri: string;
}

export interface Registration extends Provenance {
  readonly registrant: Address;
  readonly blockNumber: number;
}

export interface Registered {
  readonly modelId: Hash;
  readonly txHash: Hash;
  readonly gasUsed: bigint;
}

/** Makes a model known. Doing it again only says again where to get it. */
export async function registerModel(
  contracts: Contracts,
  sender: Sender,
  model: ModelHeader,
  provenance: Provenance,
): Promise<Registered> {
  const sent: Sent = await sender.send(contracts.registry.call('register', [modelStruct(model), provenance]));
  return { modelId: modelIdOf(model), txHash: sent.txHash, gasUsed: sent.gasUsed };
}

export async function isRegistered({ registry }: Contracts, modelId: Hash): Promise<boolean> {
  return registry.read('isRegistered', [modelId]);
}

/** @throws ContractRefusal (Sender) or UserError when the model is not registered, or the node gives another model. */
export async function readModel(contracts: Contracts, modelId: Hash): Promise<ModelHeader> {
  const at = await contracts.node.decisionBlock();
  const [known, raw] = await Promise.all([
    contracts.registry.read('isRegistered', [modelId], at),
    contracts.registry.read('get', [modelId], at).catch((error: unknown) => error as Error),
  ]);
  if (!known)
    throw new UserError(
      'OG_UNKNOWN_MODEL',
      `Model ${modelId} is not registered in the deployment ${contracts.address}.`,
      'Register it with `og register <artefact>`.',
    );
  if (raw instanceof Error) throw raw;
  const model: ModelHeader = {
    programRoot: asHash(raw.programRoot),
    constantsRoot: asHash(raw.constantsRoot),
    layoutHash: asHash(raw.layoutHash),
    stepCount: Number(raw.stepCount),
    slotDepth: Number(raw.slotDepth),
    tensorDepth: Number(raw.tensorDepth),
    constantSlotDepth: Number(raw.constantSlotDepth),
    constantTensorDepth: Number(raw.constantTensorDepth),
    inputElements: Number(raw.inputElements),
    inputWidth: Number(raw.inputWidth) as ElementWidth,
    outputElements: Number(raw.outputElements),
    outputWidth: Number(raw.outputWidth) as ElementWidth,
  };
  if (modelIdOf(model) !== modelId)
    throw new UserError(
      'OG_LYING_NODE',
      `The node gives another model for id ${modelId}: it is not to be trusted.`,
      'Use another node (--rpc).',
    );
  return model;
}

/** Who has registered a model and where they say it can be fetched; the newest first, at most `limit`. */
export async function findRegistrations(contracts: Contracts, modelId: Hash, limit = 8): Promise<Registration[]> {
  const { registry, node, logs, firstBlock } = contracts;
  const filter = { address: registry.address, topics: registry.topics(['ModelRegistered'], modelId) };
  const found: Registration[] = [];
  for (let to = await node.getBlockNumber(); found.length < limit && to >= firstBlock; ) {
    const log = await logs.last(filter, firstBlock, to);
    const event = log && registry.event(log);
    if (event?.name !== 'ModelRegistered') break;
    const { provenance, registrant } = event.args;
    found.push({
      registrant,
      blockNumber: event.blockNumber,
      sourceSha256: asHash(provenance.sourceSha256),
      fidelityHash: asHash(provenance.fidelityHash),
      uri: provenance.uri,
    });
    to = event.blockNumber - 1;
  }
  return found;
}

function modelStruct(model: ModelHeader) {
  return {
    ...model,
    stepCount: BigInt(model.stepCount),
    slotDepth: BigInt(model.slotDepth),
    tensorDepth: BigInt(model.tensorDepth),
    constantSlotDepth: BigInt(model.constantSlotDepth),
    constantTensorDepth: BigInt(model.constantTensorDepth),
    inputElements: BigInt(model.inputElements),
    inputWidth: BigInt(model.inputWidth),
    outputElements: BigInt(model.outputElements),
    outputWidth: BigInt(model.outputWidth),
  };
}
