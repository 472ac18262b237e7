import { z } from 'zod';

export const titleText = z
  .string('It cannot be cleared: leave it out to keep it.')
  .trim()
  .min(1, 'Say in one line what it is about.')
  .max(200, 'Use at most 200 characters.');

export const descriptionText = z.string().max(20_000, 'Use at most 20000 characters.');

export const commentText = z.string().trim().min(1, 'Write something.').max(20_000, 'Use at most 20000 characters.');

export const versionNumber = z.int().min(1, 'Send the version you have read.');
