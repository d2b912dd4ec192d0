/** What runs by itself, waits for a person, and stops by itself. */
import { z } from 'zod'

export const automationSettings = z.strictObject({}).prefault({})
