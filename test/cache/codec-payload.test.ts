import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../src/cache/codec/payload.ts';
import { plain, sample } from './codec-samples.ts';

// As whoever has the secret could write it: a newer version, or somebody in the place of one.
function payloadOf(facts: unknown, body = 'x'): Buffer {
  const text = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.byteLength);
  return Buffer.concat([length, text, Buffer.from(body)]);
}

const facts = ['first', 7, ['L:ticket'], { scope: 'TENANT' }, 1, 2, 3, 4, 5, 6];

describe('what is inside a blob', () => {
  it('is read as it was written', () => {
    expect(plain(unpack(pack(sample)))).toEqual(plain(sample));
    expect(unpack(payloadOf(facts))).toMatchObject({ epoch: 'first', stamp: 7, tags: ['L:ticket'], costMs: 5 });
  });

  it.each(facts.map((_, index) => index))('is refused when fact %i is missing or something else', (index) => {
    for (const wrong of [undefined, null, true, {}, [7], 'text', 0.5, [null]]) {
      if (typeof wrong === typeof facts[index] && index !== 1 && !Array.isArray(wrong)) continue;
      if (JSON.stringify(wrong) === '{}' && index === 3) continue;
      expect(unpack(payloadOf(facts.with(index, wrong as never))), JSON.stringify(wrong)).toBeNull();
    }
    expect(unpack(payloadOf(facts.toSpliced(index, 1)))).toBeNull();
  });

  it('is refused when there is a fact more, or no list of facts at all', () => {
    for (const wrong of [[...facts, 7], [], {}, null, 'text', Object.fromEntries(facts.entries())])
      expect(unpack(payloadOf(wrong))).toBeNull();
  });

  it.each(['__proto__', 'nested'])('pollutes nothing by way of a fact named %s', (name) => {
    const meta = JSON.parse(`{"${name}":{"polluted":true}}`);
    expect(unpack(payloadOf(facts.with(3, meta)))).toBeNull();
    expect(unpack(payloadOf(facts.with(3, JSON.parse('{"__proto__":7}'))))).toBeNull();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('is refused when it says it is longer than it is', () => {
    const payload = payloadOf(facts);
    payload.writeUInt32BE(payload.byteLength, 0);
    expect(unpack(payload)).toBeNull();
  });
});
