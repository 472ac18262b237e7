import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const places = [...(process.env['PATH'] ?? '').split(delimiter), '/Applications/Google Chrome.app/Contents/MacOS'];

/** The system's Chromium; null where there is none. `CHROMIUM_PATH` names another. */
export const chromiumPath: string | null =
  process.env['CHROMIUM_PATH'] ??
  places.flatMap((place) => [...names, 'Google Chrome'].map((name) => join(place, name))).find(existsSync) ??
  null;

/** A real browser that can reach nothing but this machine. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? chromium.executablePath(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-quic',
      '--no-first-run',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
    ],
  });
}
