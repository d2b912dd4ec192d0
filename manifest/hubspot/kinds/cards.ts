/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/extension-points/app-cards/reference */
import { z } from 'zod'
import { kind, UIDS } from './kind.ts'
import { component, entrypoint, named, objectTypes } from './shape.ts'

const config = z.strictObject({
  name: named(100),
  description: z.string().min(1).max(1000),
  location: z.enum(['crm.record.tab', 'crm.record.sidebar']),
  entrypoint,
  objectTypes,
})

export const cards = kind(component('card', config))({
  type: 'card',
  folder: 'app/cards',
  count: 'many',
  pages: true,
  files: ({ name }) => ({
    'record-tab': {
      uid: UIDS.recordTab,
      type: 'card',
      config: {
        name,
        description:
          'How likely this customer is to leave, why, what is suggested, and what was done before.',
        location: 'crm.record.tab',
        entrypoint: '/app/cards/record-tab.tsx',
        objectTypes: ['companies', 'contacts'],
      },
    },
    'record-sidebar': {
      uid: UIDS.recordSidebar,
      type: 'card',
      config: {
        name,
        description: 'How likely this customer is to leave, why, and what is suggested, in five seconds.',
        location: 'crm.record.sidebar',
        entrypoint: '/app/cards/record-sidebar.tsx',
        objectTypes: ['companies', 'contacts'],
      },
    },
  }),
})
