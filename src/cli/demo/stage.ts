/** Where the story plays and who plays in it. */
import { type Devnet, startDevnet } from '../../chain/devnet.js';
import type { Sender } from '../../chain/sender.js';

/** The people of the story; each has an account of the devnet. */
export const ROLES = ['client', 'worker', 'liar', 'watchtower'] as const;
export type Role = (typeof ROLES)[number];

export interface Stage {
  readonly devnet: Devnet;
  readonly cast: Readonly<Record<Role, Sender>>;
  /** The name of whoever has this address. */
  nameOf(address: string): string;
}

export async function openStage(): Promise<Stage> {
  const devnet = await startDevnet();
  // Account 0 has deployed the contracts.
  const cast = Object.fromEntries(ROLES.map((role, i) => [role, devnet.sender(i + 1)])) as Record<Role, Sender>;
  const nameOf = (address: string): string =>
    ROLES.find((role) => cast[role].address.toLowerCase() === address.toLowerCase()) ?? address;
  return { devnet, cast, nameOf };
}
