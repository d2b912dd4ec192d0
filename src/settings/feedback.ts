/** How Holdfast learns what became of e-mails. */
import { z } from 'zod'
import { field, flag, hinted, text } from './field.ts'

const domain = hinted(
  z
    .string()
    .max(100)
    .regex(
      /^(?=.{3,100}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
      'has to be a domain in lower case',
    ),
  { format: 'domain' },
)

export const feedbackSettings = z
  .strictObject({
    path: field(
      z.enum(['none', 'receiver', 'sendgrid', 'mailgun']).default('none'),
      'Who tells what became of an e-mail: nobody, the bounce receiver of this installation, or signed webhooks of SendGrid or Mailgun. With none, live e-mails wait for an approval',
      'none, receiver, sendgrid or mailgun',
      {
        title: 'Who tells of bounces and complaints',
        labels: {
          none: 'Nobody',
          receiver: 'The bounce receiver of this installation',
          sendgrid: 'SendGrid',
          mailgun: 'Mailgun',
        },
      },
    ),
    domain: field(
      domain.nullable().default(null),
      'Domain of the addresses that bounces and answers come back to; its MX record leads to the bounce receiver',
      'a domain in lower case such as bounces.acme.example, or null',
      'Domain that bounces and answers come back to',
    ),
    replies: flag(
      true,
      'Whether answers come by the receiver: automation stops for the customer, and the answer is forwarded to the person responsible. Without it they go to that person directly and Holdfast does not learn of them',
      'Answers come by the receiver',
    ),
    sendgridKey: text(
      'Verification key of SendGrid’s signed event webhook, base64 (Mail Settings, Event Webhook)',
      'SendGrid’s verification key',
    ),
  })
  .prefault({})
