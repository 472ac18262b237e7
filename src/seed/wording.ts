/** What people write to a help desk, by ticket category: the title and what it says below. */
export const complaints: Record<string, readonly (readonly [string, string])[]> = {
  hardware: [
    ['Laptop does not start', 'It worked yesterday. Today the screen stays black after the logo.'],
    ['Monitor flickers', 'Every few seconds, on both inputs. Another cable did not help.'],
    ['Battery lasts twenty minutes', 'Fully charged in the morning, empty before the first meeting ends.'],
    ['Docking station not recognised', 'No monitor and no network through the dock since this morning.'],
    ['Keyboard types double letters', 'Mostly e and n. Cleaning it made no difference.'],
  ],
  software: [
    ['Spreadsheet crashes on open', 'The quarterly file closes the program after a few seconds.'],
    ['Need a licence for the drawing tool', 'I join the design team on Monday and cannot start it.'],
    ['Update stuck at 35 %', 'It has been installing for two hours and the fan is loud.'],
    ['Time sheet shows last month', 'I cannot book hours for this month, the list stays empty.'],
    ['Report export is empty', 'The file arrives, but there is only the header in it.'],
  ],
  network: [
    ['Wireless drops in meeting room 2', 'Calls break off every ten minutes. At my desk all is well.'],
    ['VPN will not connect', 'It asks for the code and then says that the gateway does not answer.'],
    ['Shared drive very slow', 'Opening a folder takes a minute. Colleagues here see the same.'],
    ['No network at the packing station', 'Neither the scanner nor the PC gets an address.'],
    ['Switch reports a failing fan', 'Alert raised by monitoring: fan 2 below its lowest speed.'],
  ],
  access: [
    ['Password expired', 'I was on leave and now I cannot sign in at all.'],
    ['Access to the finance folder', 'My manager agreed; I need to read last year as well.'],
    ['Account locked', 'After three attempts on the new phone.'],
    ['New colleague needs an account', 'Starts next week in our team, same rights as mine.'],
    ['Two-factor app on a new phone', 'The old phone is gone and the codes with it.'],
  ],
  'e-mail': [
    ['Mailbox is full', 'I cannot send any more, and the archive does not help.'],
    ['Customer mails end up in junk', 'All from the same company, since last week.'],
    ['Shared mailbox missing', 'It disappeared from the list after the update.'],
    ['Suspicious message', 'It asks for my bank details and looks like one of ours.'],
    ['Calendar invitations arrive twice', 'Only those from outside the company.'],
  ],
  printing: [
    ['Printer on the second floor jams', 'Every tenth page, always in tray 2.'],
    ['Labels come out blank', 'The roll is new and the test page is fine.'],
    ['Cannot print double-sided', 'The option is greyed out for me only.'],
    ['Toner empty', 'The spare one in the cupboard is of the wrong type.'],
  ],
  telephony: [
    ['Headset has no sound', 'They hear me, I do not hear them.'],
    ['Forward calls to the service line', 'During the inventory, from Thursday noon.'],
    ['Phone shows the wrong name', 'It still has the colleague who sat here before.'],
    ['Calls drop after thirty seconds', 'Only when I ring customers abroad.'],
  ],
  facilities: [
    ['Badge does not open the side door', 'The main entrance works.'],
    ['Meeting room display stays dark', 'The guests are here at two.'],
    ['Air conditioning too cold', 'Eighteen degrees at our desks since Monday.'],
    ['Light broken in the car park', 'The row next to the exit.'],
  ],
};

export const questions = [
  'Since when does it happen, and is a colleague seeing the same?',
  'Could you send a picture of the message?',
  'Which device is it? The tag is on the back.',
  'I have changed a setting on our side. Would you try once more?',
];
export const replies = [
  'Since yesterday. My neighbour has it too.',
  'Picture attached. It comes back after a restart.',
  'Tried again, still the same.',
  'Better, but not gone.',
  'Any news? I need this for tomorrow.',
];
export const internalNotes = [
  'Third one this month at this site, looks like the same cause.',
  'Spare part ordered, arrives the day after tomorrow.',
  'Vendor confirmed the fault, waiting for their fix.',
  'Rights checked with the manager.',
];
export const solutions = [
  'Replaced the part and tested it together.',
  'Reset the account; please choose a new password.',
  'Updated the driver. It should stay away now.',
  'Configuration corrected, please tell us if it comes back.',
  'Granted as asked. It may take an hour to show.',
];
