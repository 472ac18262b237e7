import './shift.ts';
import './leave-request.ts';
import './create-shift.ts';
import './assign-shift.ts';
import './request-leave.ts';
import './decide-leave.ts';
