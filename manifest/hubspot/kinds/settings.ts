/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/extension-points/create-a-settings-page */
import { z } from 'zod'
import { kind, UIDS } from './kind.ts'
import { component, entrypoint } from './shape.ts'

export const settings = kind(component('settings', z.strictObject({ entrypoint })))({
  type: 'settings',
  folder: 'app/settings',
  count: 'one',
  pages: true,
  files: () => ({
    settings: { uid: UIDS.settings, type: 'settings', config: { entrypoint: '/app/settings/settings.tsx' } },
  }),
})
