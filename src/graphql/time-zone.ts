import { z } from 'zod';

const timeZones = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);

/** A zod type for the IANA name of a time zone. */
export const timeZoneName = z
  .string('Send the IANA name of a time zone: Europe/Rome.')
  .refine((name) => timeZones.has(name), 'Send the IANA name of a time zone: Europe/Rome.');
