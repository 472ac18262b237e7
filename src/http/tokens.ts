import { errors, jwtVerify, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { AppError } from '../errors.ts';
import { parsePersonId, parseTenantId, type PersonId, type TenantId } from '../ids.ts';
import { invalidToken } from './http-error.ts';
import { createKeySet, type KeySet, type KeySetOptions } from './key-set.ts';
import { rememberTokens, type VerifiedToken } from './remembered-tokens.ts';

/** Who a valid token says is asking. What they may do is the database's to say. */
export interface Identity {
  tenantId: TenantId;
  personId: PersonId;
}

export interface TokenOptions {
  /** HS256 secret; or the keys of an issuer. Exactly one of the two. */
  secret: string | null;
  jwksUrl: string | null;
  /** What `iss` must be; null: not looked at. */
  issuer: string | null;
  /** What `aud` must hold; null: not looked at. */
  audience: string | null;
}

export interface VerifierOptions extends TokenOptions {
  /** How the issuer's keys are kept. */
  keySet?: Omit<KeySetOptions, 'url'>;
  /** The clock. @default the system's */
  now?: () => Date;
}

/** Clocks of issuer and server may differ by this much, in seconds. */
const clockToleranceS = 5;
/** Public keys only: a shared secret is never accepted from a key set, nor a public key taken for a secret. */
const publicKeyAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Tokens made for something else (DPoP proofs, logout and security events) are not for coming in with. */
const acceptedTypes = new Set(['jwt', 'at+jwt']);

export type VerifyToken = (token: string) => Promise<Identity>;

/**
 * Checks bearer tokens. Algorithms are pinned by the kind of key; keys come from the settings, whatever the token's
 * own `jku`, `jwk`, `x5u` or `kid` say (RFC 8725). Fails with UNAUTHENTICATED (401), or with SERVICE_UNAVAILABLE
 * where the issuer's keys cannot be read.
 */
export function createTokenVerifier(options: VerifierOptions): VerifyToken {
  const { secret, jwksUrl, keySet, now = () => new Date() } = options;
  const keys = secret ? null : createKeySet({ ...keySet, url: jwksUrl ?? '' });
  return rememberTokens({
    verify: createVerifier(options, keys),
    keys: () => (keys ? keys.version() : 0),
    nowMs: () => now().getTime(),
  });
}

function createVerifier({ secret, issuer, audience, now }: VerifierOptions, keys: KeySet | null) {
  const key = keys ? keys.find : new TextEncoder().encode(secret ?? '');
  return async (token: string): Promise<VerifiedToken> => {
    const options = {
      algorithms: keys ? publicKeyAlgorithms : ['HS256'],
      requiredClaims: ['exp', 'sub', 'tenant'],
      clockTolerance: clockToleranceS,
      ...(now && { currentDate: now() }),
      ...(issuer !== null && { issuer }),
      ...(audience !== null && { audience }),
    };
    const verified = await (
      typeof key === 'function' ? jwtVerify(token, key, options) : jwtVerify(token, key, options)
    ).catch((error: unknown) => {
      throw error instanceof AppError ? error : invalidToken(reasonOf(error), error);
    });
    checkType(verified.protectedHeader);
    return { identity: identityOf(verified.payload), expiresAtMs: (verified.payload.exp ?? 0) * 1000 };
  };
}

/** Issues a token; only for development and operators, and only with a secret. */
export function signToken(
  { tenantId, personId }: Identity,
  { secret, issuer, audience }: TokenOptions,
  expiresIn: string,
): Promise<string> {
  if (!secret) throw new AppError('FORBIDDEN', 'Tokens can be issued only with JWT_SECRET; yours come from an issuer.');
  const token = new SignJWT({ tenant: tenantId })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(personId)
    .setIssuedAt()
    .setExpirationTime(expiresIn);
  if (issuer) token.setIssuer(issuer);
  if (audience) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}

function identityOf(payload: JWTPayload): Identity {
  const tenantId = parseTenantId(payload['tenant']);
  const personId = parsePersonId(payload.sub);
  if (tenantId && personId) return { tenantId, personId };
  throw invalidToken('The token must name a person ("sub") and a tenant ("tenant") by their ids.');
}

function checkType({ typ }: JWTHeaderParameters): void {
  if (typ === undefined) return;
  if (typeof typ === 'string' && acceptedTypes.has(typ.toLowerCase().replace(/^application\//, ''))) return;
  throw invalidToken('The token is of a type that is not accepted here.');
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired. Get a new one.';
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's "${error.claim}" is not accepted here.`;
  return 'The token is not valid.';
}
