/**
 * The only caller of the addon: everything else in ts/ goes through what this file exports.
 *
 * The addon is loaded at the first use, so that importing the package never fails and a missing addon is a NATIVE_MISSING of the
 * call that needed it. It is loaded once for each environment (main thread or worker) and stays until that ends.
 */
import type { Addon } from './addon.js';
import { loadAddon } from './loader.js';

let loaded: Addon | undefined;

/** The addon's functions. Errors: NATIVE_MISSING. */
export function nativeAddon(): Addon {
  loaded ??= loadAddon() as Addon;
  return loaded;
}
