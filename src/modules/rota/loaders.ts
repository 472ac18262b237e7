import type DataLoader from 'dataloader';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import { reaches } from '../../graphql/viewer.ts';
import type { LeaveRequestRow, ShiftRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    shift: DataLoader<string, ShiftRow | null>;
    leaveRequest: DataLoader<string, LeaveRequestRow | null>;
  }
}

defineLoader('shift', (context) => rowLoader(context, 'shifts'));
defineLoader('leaveRequest', (context) => rowLoader(context, 'leave_requests'));

/** A shift the viewer may see; null for any other, as if it did not exist. */
export async function loadVisibleShift(context: Context, id: string): Promise<ShiftRow | null> {
  const shift = await context.loaders.shift.load(id);
  if (!shift) return null;
  const { viewer } = context;
  if (reaches(viewer, 'rota:read', { siteId: shift.site_id, ownerIds: [shift.person_id] })) return shift;
  const siteId = shift.person_id && (await homeSite(context, shift.person_id));
  return reaches(viewer, 'rota:read', { siteId, ownerIds: [] }) ? shift : null;
}

/** A leave request the viewer may see; null for any other, as if it did not exist. */
export async function loadVisibleLeaveRequest(context: Context, id: string): Promise<LeaveRequestRow | null> {
  const request = await context.loaders.leaveRequest.load(id);
  if (!request) return null;
  const siteId = await homeSite(context, request.person_id);
  return reaches(context.viewer, 'rota:read', { siteId, ownerIds: [request.person_id] }) ? request : null;
}

async function homeSite({ loaders }: Context, personId: string): Promise<string | null> {
  return (await loaders.person.load(personId))?.site_id ?? null;
}
