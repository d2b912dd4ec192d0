/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/extension-points/create-a-bulk-action */
import { z } from 'zod'
import { kind, UIDS } from './kind.ts'
import { component, entrypoint, named, objectTypes } from './shape.ts'

const config = z.strictObject({
  label: named(100),
  entrypoint,
  objectTypes,
  displayMode: z.enum(['PANEL', 'MODAL']),
  /** One of the names that HubSpot's `Icon` knows; a test holds ours to them. */
  icon: z.string().regex(/^[a-zA-Z]+$/, 'takes the name of an icon'),
})

export const bulkActions = kind(component('crm-bulk-action', config))({
  type: 'crm-bulk-action',
  folder: 'app/actions',
  count: 'many',
  pages: true,
  files: ({ name }) => ({
    'score-many': {
      uid: UIDS.scoreMany,
      type: 'crm-bulk-action',
      config: {
        label: `Score with ${name}`,
        entrypoint: '/app/actions/score-many.tsx',
        objectTypes: ['companies', 'contacts'],
        displayMode: 'PANEL',
        icon: 'refresh',
      },
    },
  }),
})
