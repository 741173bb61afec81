import type { Target } from './target.ts'
import { body } from './targets/body.ts'
import { frames } from './targets/frames.ts'
import { message } from './targets/message.ts'
import { record } from './targets/record.ts'
import { relp } from './targets/relp.ts'
import { settings } from './targets/settings.ts'
import { syslog } from './targets/syslog.ts'

export const TARGETS: readonly Target[] = [body, record, message, frames, relp, syslog, settings]
