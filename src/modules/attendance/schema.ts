import './attendance.ts';
import './queries.ts';
import './summary.ts';
import './clock-in.ts';
import './clock-out.ts';
import './correct-attendance.ts';
