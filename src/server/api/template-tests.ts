/** A template sent to somebody of the company itself. */
import { z } from 'zod'
import { MOST_TESTS, testTemplate } from '../../loop/test-template.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'
import { asked, DRAFT_LIMIT, previewBody } from './templates.ts'

const testBody = shape.body({
  request: previewBody.meta({ description: 'As POST /v1/templates/preview takes it' }),
  to: shape.word(300).nullable().default(null).meta({
    description:
      'An address of `delivery.testList`, or a number of `delivery.testNumbers`; null: your own address',
  }),
})

export const testAnswer = z.object({
  through: z.enum(['sandbox', 'provider']).meta({
    description: 'sandbox: it lies in the sandbox inbox. provider: the delivery mode lets things leave',
  }),
  to: z.string(),
  outcome: z.enum(['sent', 'rejected', 'uncertain']),
  code: z.string().nullable(),
  message: z.string().nullable().meta({ description: 'What happened and what to do; null: it went' }),
})
export type TestAnswer = z.infer<typeof testAnswer>

export const templateTestRoutes = [
  route({
    method: 'post',
    path: '/v1/templates/test',
    summary: 'Sends a template to yourself or to the test list',
    description: `By the channel that would carry it, marked as a test. It never goes to a customer, counts nowhere, and stands in the audit log; at most ${MOST_TESTS} an hour. With delivery modes that let nothing leave it goes into the sandbox inbox.`,
    tag: 'Templates',
    access: { scope: null, role: 'admin' },
    body: testBody.check(({ value, issues }) => {
      if (value.request.channel === 'task')
        issues.push({
          code: 'custom',
          message: 'tasks are made in the CRM and have no test: look at the preview',
          input: value,
          path: ['request', 'channel'],
        })
    }),
    bodyLimit: DRAFT_LIMIT,
    answers: { 200: { description: 'What became of it', schema: testAnswer } },
    handle: async ({ tenant, body, caller, requestId, origin }, services) => {
      const { channel, ...rest } = asked(body.request)
      const own = caller.kind === 'session' && caller.subject.includes('@') ? caller.subject : null
      return {
        status: 200,
        body: await testTemplate(
          { ...services, localUrl: origin },
          tenant,
          { ...rest, channel: channel === 'sms' ? 'sms' : 'email', to: body.to },
          { actor: caller.actor, address: own, requestId },
        ),
      }
    },
  }),
] as const
