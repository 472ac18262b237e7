import { createRemoteJWKSet, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { AppError } from '../errors.ts';
import { parsePersonId, parseTenantId, type PersonId, type TenantId } from '../ids.ts';

/** Who a valid token says is asking. What they may do is the database's to say. */
export interface Identity {
  tenantId: TenantId;
  personId: PersonId;
}

export interface TokenOptions {
  /** HS256 secret; or the keys of an issuer. Exactly one of the two. */
  secret: string | null;
  jwksUrl: string | null;
  issuer: string | null;
  audience: string | null;
}

/** Clocks of issuer and server may differ by this much, in seconds. */
const clockToleranceS = 5;
const jwksAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

export type VerifyToken = (token: string) => Promise<Identity>;

/** Checks bearer tokens. Algorithms are pinned by the kind of key, never taken from the token (RFC 8725). */
export function createTokenVerifier({ secret, jwksUrl, issuer, audience }: TokenOptions): VerifyToken {
  const options = {
    algorithms: secret ? ['HS256'] : jwksAlgorithms,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: clockToleranceS,
    ...(issuer && { issuer }),
    ...(audience && { audience }),
  };
  const verify = secret
    ? (token: string) => jwtVerify(token, new TextEncoder().encode(secret), options)
    : (
        (keys) => (token: string) =>
          jwtVerify(token, keys, options)
      )(createRemoteJWKSet(new URL(jwksUrl ?? '')));
  return async (token) => {
    const { payload } = await verify(token).catch((error: unknown) => {
      throw new AppError('UNAUTHENTICATED', reasonOf(error), { cause: error });
    });
    return identityOf(payload);
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
  const tenantId = parseTenantId(payload.tenant);
  const personId = parsePersonId(payload.sub);
  if (!tenantId || !personId) {
    throw new AppError('UNAUTHENTICATED', 'The token must name a person ("sub") and a tenant ("tenant") by their ids.');
  }
  return { tenantId, personId };
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired. Get a new one.';
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's "${error.claim}" is not accepted here.`;
  return 'The token is not valid.';
}
