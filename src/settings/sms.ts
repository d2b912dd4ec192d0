/** Text messages. */
import { z } from 'zod'

export const smsSettings = z.strictObject({}).prefault({})
