/** What a caller may do. Tokens and API keys carry scopes; routes ask for one. */
export const SCOPES = [
  'products:read',
  'products:write',
  'orders:read',
  'orders:write',
  'orders:admin',
  'users:admin',
  'audit:read',
  'webhooks:admin',
  'imports:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Roles are named sets of scopes; nothing else of the service asks for a role by name. */
export const ROLES = {
  customer: ['products:read', 'orders:read', 'orders:write'],
  manager: [
    'products:read',
    'products:write',
    'imports:write',
    'orders:read',
    'orders:write',
    'orders:admin',
    'audit:read',
  ],
  admin: SCOPES,
} as const satisfies Record<string, readonly Scope[]>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

const SCOPE_SETS = new Map<Role, ReadonlySet<Scope>>(
  ROLE_NAMES.map((role) => [role, new Set<Scope>(ROLES[role])]),
);

const NO_SCOPES: ReadonlySet<Scope> = new Set();

export function scopesOf(role: Role): ReadonlySet<Scope> {
  return SCOPE_SETS.get(role) ?? NO_SCOPES;
}

/** A role that must sign in with a second factor may do nothing without one, except to set it up. */
export function grantedScopes(
  role: Role,
  secondFactor: boolean,
  secondFactorRoles: readonly Role[],
): ReadonlySet<Scope> {
  return secondFactor || !secondFactorRoles.includes(role) ? scopesOf(role) : NO_SCOPES;
}

export function isScope(value: unknown): value is Scope {
  return (SCOPES as readonly unknown[]).includes(value);
}

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && Object.hasOwn(ROLES, value);
}
