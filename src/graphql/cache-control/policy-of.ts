import { getDirectiveValues, type ConstDirectiveNode } from 'graphql';
import { cacheControlDirective } from './directive.ts';
import type { FieldCacheControl } from './policy.ts';

/** A type or a field, of our own schema or of one that was parsed from SDL. */
export interface PolicyCarrier {
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly astNode?: Annotated | null;
  readonly extensionASTNodes?: readonly Annotated[];
}

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

const none: FieldCacheControl = {};
const fromDirectives = new WeakMap<PolicyCarrier, FieldCacheControl>();

/** What the author of a type or field has said; empty where nothing. */
export function policyOf(carrier: PolicyCarrier): FieldCacheControl {
  const said = carrier.extensions['cacheControl'] as FieldCacheControl | undefined;
  if (said) return said;
  const known = fromDirectives.get(carrier) ?? readDirectives(carrier);
  fromDirectives.set(carrier, known);
  return known;
}

function readDirectives({ astNode, extensionASTNodes = [] }: PolicyCarrier): FieldCacheControl {
  for (const node of astNode ? [astNode, ...extensionASTNodes] : extensionASTNodes) {
    const { maxAge, ...said } = (getDirectiveValues(cacheControlDirective, node) ?? {}) as FieldCacheControl;
    if (said.inheritMaxAge) return said; // as Apollo has it: a maxAge beside it is not looked at
    if (maxAge !== undefined || Object.keys(said).length > 0) return maxAge === undefined ? said : { ...said, maxAge };
  }
  return none;
}
