/** The HTML of an e-mail for a frame of the app: as it was stored when it went, or as it would read now. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { asIntervention } from '../contracts/ids.ts'
import { previewOf } from '../loop/message-preview.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { mailDocument } from './mail-document.ts'
import { route } from './route.ts'

export const appMailRoute = route({
  method: 'get',
  path: '/app/mails/{id}',
  summary: 'The HTML of an e-mail, for a frame',
  tag: 'Pages',
  // Not for viewers: it names people.
  access: { scope: null, role: 'operator' },
  audience: 'page',
  params: z.strictObject({ id: z.uuid() }),
  answers: { 200: { description: 'A document that can do nothing', type: 'text/html' } },
  handle: ({ tenant, params, origin }, services) =>
    services.database.withTenant(tenant, async (tx) => {
      const { settings } = await currentSettings(tx)
      const asked = { tenant, id: asIntervention(params.id), settings, origin }
      const { message, none } = await previewOf(tx, services, asked)
      if (message === null) throw new HoldfastError('not_found', none)
      if (message.kind !== 'email') throw new HoldfastError('not_found', 'A task or a text has no HTML.')
      return mailDocument(message.html)
    }),
})
