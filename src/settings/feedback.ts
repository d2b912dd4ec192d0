/** How Holdfast learns what became of e-mails. */
import { z } from 'zod'

export const feedbackSettings = z.strictObject({}).prefault({})
