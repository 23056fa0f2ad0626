import type { Store } from '../store/store.js';
import { type SettingFlags, settingsOf } from './settings.js';

/** The files by content on this machine: `--home`, OG_HOME, og.config.json, or the usual place. */
export async function openStore(flags: SettingFlags): Promise<Store> {
  const [{ home }, { Store }] = await Promise.all([settingsOf(flags), import('../store/store.js')]);
  return new Store(home);
}
