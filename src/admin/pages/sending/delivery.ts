/** How actions leave, as a headline and as what it means. */
import type { Standing } from '../../../server/api/control.ts'

export const DELIVERY: Readonly<
  Record<Standing['delivery'], { readonly title: string; readonly about: string }>
> = {
  off: {
    title: 'Actions are off',
    about: 'Delivery is off in the settings: nothing is planned, recorded or sent.',
  },
  dry_run: {
    title: 'Nothing is sent: this is a dry run',
    about: 'What would be sent is recorded for you to see, and nobody gets it.',
  },
  sandbox: {
    title: 'Messages go into the sandbox, and reach nobody',
    about:
      'E-mails go into the inbox on this machine, tasks into the CRM sandboxes. For every other account both are a dry run.',
  },
  test_list: {
    title: 'Messages go to the test list only',
    about:
      'Everybody else gets a dry run. Calls and offers become tasks on the lists of the responsible people in your CRM, unless it is a test account.',
  },
  live: {
    title: 'Messages go to customers',
    about:
      'Calls and offers become tasks on the lists of the responsible people in your CRM, unless it is a test account.',
  },
}
