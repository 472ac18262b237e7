/** What a guard asks for: `permission tickets:read`; null where nothing is guarded. Scopes are set in `authScopes`. */
export function guardOf({ extensions }: { extensions: Readonly<Record<string, unknown>> }): string | null {
  const { authScopes } = (extensions['pothosOptions'] ?? {}) as { authScopes?: unknown };
  if (typeof authScopes === 'function') return 'decided for each object';
  if (typeof authScopes !== 'object' || authScopes === null) return null;
  return Object.entries(authScopes)
    .map(([scope, parameter]) => (typeof parameter === 'string' ? `${scope} ${parameter}` : scope))
    .join(', ');
}
