import { expect, it } from 'vitest';
import { rememberTokens } from '../../src/http/remembered-tokens.ts';
import { newId, parsePersonId, parseTenantId } from '../../src/ids.ts';

const identity = { tenantId: parseTenantId(newId())!, personId: parsePersonId(newId())! };

function remembering() {
  const state = { nowMs: 1_000_000, keys: 1 as number | null, verified: 0, refuses: false };
  const verify = rememberTokens({
    async verify() {
      state.verified += 1;
      if (state.refuses) throw new Error('refused');
      return { identity, expiresAtMs: 1_060_000 };
    },
    keys: () => state.keys,
    nowMs: () => state.nowMs,
  });
  return { state, verify };
}

it('works out the signature of a token once', async () => {
  const { state, verify } = remembering();
  for (let turn = 0; turn < 5; turn += 1) expect(await verify('token')).toEqual(identity);
  expect(state.verified).toBe(1);
});

it('tells tokens apart that differ in one character', async () => {
  const { state, verify } = remembering();
  await verify('token');
  state.refuses = true;
  await expect(verify('tokem')).rejects.toThrow('refused');
  expect(await verify('token')).toEqual(identity);
});

it('asks again from the moment the token expires', async () => {
  const { state, verify } = remembering();
  await verify('token');
  state.refuses = true;
  state.nowMs = 1_059_999;
  expect(await verify('token')).toEqual(identity);
  state.nowMs = 1_060_000;
  await expect(verify('token')).rejects.toThrow('refused');
});

it('asks again when the clock is set back before it was verified: it may not be valid yet', async () => {
  const { state, verify } = remembering();
  await verify('token');
  state.refuses = true;
  state.nowMs -= 1;
  await expect(verify('token')).rejects.toThrow('refused');
});

it('asks again when there are other keys, or it is not known which', async () => {
  const { state, verify } = remembering();
  await verify('token');
  state.refuses = true;
  state.keys = null;
  await expect(verify('token')).rejects.toThrow('refused');
  state.keys = 2;
  await expect(verify('token')).rejects.toThrow('refused');
});

it('remembers no refusal', async () => {
  const { state, verify } = remembering();
  state.refuses = true;
  await expect(verify('token')).rejects.toThrow('refused');
  state.refuses = false;
  expect(await verify('token')).toEqual(identity);
});
