/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/extension-points/app-pages/reference */
import { z } from 'zod'
import { kind, UIDS } from './kind.ts'
import { component, entrypoint } from './shape.ts'

export const pages = kind(component('page', z.strictObject({ entrypoint })))({
  type: 'page',
  folder: 'app/pages',
  count: 'one',
  pages: true,
  files: () => ({
    pages: { uid: UIDS.pages, type: 'page', config: { entrypoint: '/app/pages/pages.tsx' } },
  }),
})
