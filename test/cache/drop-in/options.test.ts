import { describe, expect, it } from 'vitest';
import { createCoherentCache, parseEncryptionKeys, type CoherentCacheOptions } from '../../../src/cache/index.ts';
import { createBlobs } from '../node.ts';

// What JavaScript can hand over although the types forbid it.
const make = (options: unknown) => () => createCoherentCache(options as CoherentCacheOptions<object>);

describe('the options of the coherent cache', () => {
  it.each<[string, unknown, RegExp]>([
    ['a name that there is not', { stroe: createBlobs() }, /^createCoherentCache: stroe: There is no such option\.$/],
    ['a precision that there is not', { precision: 'entities' }, /precision: Send 'type' or 'entity'\./],
    ['a mode as text', { coherence: 'bounded:500' }, /coherence: Send \{ mode: 'strict' \} or \{ mode: 'bounded'/],
    ['a mode without its bound', { coherence: { mode: 'bounded' } }, /coherence\.maxStalenessMs: Send milliseconds/],
    ['a bound below none', { coherence: { mode: 'bounded', maxStalenessMs: -1 } }, /coherence\.maxStalenessMs: /],
    ['keys that were not read', { encryptionKeys: 'a:b' }, /encryptionKeys: Send what parseEncryptionKeys\(/],
    ['a list of keys without one', { encryptionKeys: [] }, /encryptionKeys: .*leave it out/],
    ['a tenant instead of a function', { tenantOf: 'acme' }, /tenantOf: Send a function/],
    ['a store that cannot set', { store: { get: () => null } }, /store: Send an envelop cache/],
    ['a log that cannot append', { log: { pull: () => null } }, /log: Send a log/],
    ['no field that identifies', { idFields: [] }, /idFields: Name at least one field/],
    ['no room', { maxBytes: 0 }, /maxBytes: Send a number of bytes above 0\./],
    ['a time as text', { maxTtlMs: '60s' }, /maxTtlMs: Send milliseconds/],
    ['an empty secret', { secret: '' }, /secret: .*leave it out/],
    ['an ear that is none', { emit: 'console' }, /emit: Send a function/],
    ['no options at all', null, /^createCoherentCache: Send an object/],
  ])('refuse %s, and say what to send', (_what, options, message) => {
    expect(make(options)).toThrow(message);
  });

  it('are all named at once where several are wrong', () => {
    expect(make({ precision: 'x', maxBytes: -1 })).toThrow(/precision: .*maxBytes: /);
  });

  it.each([{ secret: ['hunter2'] }, { encryptionKeys: 'hunter2' }])('never repeat what they refuse: %j', (options) => {
    expect(make(options)).toThrow(/^(?!.*hunter2)/);
  });

  it('take everything that the page says, and nothing', () => {
    const keys = parseEncryptionKeys(
      `k:${Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)).toString('base64')}`,
    );
    expect(make(undefined)).not.toThrow();
    expect(make({ log: undefined, store: null, secret: undefined })).not.toThrow();
    expect(
      make({
        store: createBlobs(),
        coherence: { mode: 'bounded', maxStalenessMs: 0 },
        precision: 'entity',
        tenantOf: () => 'acme',
        idFields: ['_id'],
        secret: 'signs',
        encryptionKeys: keys,
        maxTtlMs: 1,
        maxBytes: 1,
        emit: () => {},
      }),
    ).not.toThrow();
  });
});
