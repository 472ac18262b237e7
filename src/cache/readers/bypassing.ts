import type { CacheOptions, CacheReader, ReadRequest, ReadResult } from '../cache.ts';
import type { Tenant } from '../coherence/change-log.ts';
import { toEntry } from '../entry.ts';
import type { MissReason } from '../events.ts';

/**
 * Where nothing can be checked (the log cannot be read, its history was renamed during the read), nothing is served
 * from the cache and nothing is kept. The data may still be readable.
 */
export class BypassingReader implements CacheReader {
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;
  readonly #reason: MissReason;

  constructor(options: CacheOptions, tenant: Tenant, reason: MissReason) {
    this.#options = options;
    this.#tenant = tenant;
    this.#reason = reason;
  }

  async read({ operation, compute }: ReadRequest): Promise<ReadResult> {
    this.#options.emit({ type: 'miss', tenant: this.#tenant, operation, reason: this.#reason });
    const entry = toEntry(await compute({ primary: true }), '', this.#options.nowMs());
    return { entry, status: 'BYPASS', level: null, reason: this.#reason, changedTag: null };
  }

  async find({ operation }: { operation: string }): Promise<null> {
    this.#options.emit({ type: 'miss', tenant: this.#tenant, operation, reason: this.#reason });
    return null;
  }

  keep(): void {}
}
