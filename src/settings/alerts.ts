/** Who is told what happened, and how. */
import { z } from 'zod'

export const alertSettings = z.strictObject({}).prefault({})
