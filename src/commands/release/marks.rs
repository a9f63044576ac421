//! Records on revisions which `after` tasks are pending, so that a later deploy finishes a release that was cut off.
//! A mark that cannot be set stops nothing; what is lost by that is reported as a note.

use super::ReleaseRunner;
use crate::apply::after_marks::set_marks;
use crate::plan::TaskPlan;
use crate::plan::after_marks::{done_marks, missing_marks};
use crate::report::Event;

impl ReleaseRunner<'_> {
    /// Marks the `after` tasks as pending on the revisions that the services will run.
    pub(super) async fn mark_pending(&self) {
        let stage = self.manifest.stage.as_deref();
        let marks = missing_marks(self.plan, &self.registered, stage, &self.release.id);
        if let Err(error) = set_marks(&marks, self.aws).await {
            let note = format!(
                "if this deploy is cut off, the next one does not notice that its `after` tasks are missing: {error}"
            );
            self.context.reporter.report(&Event::Note(&note));
        }
    }

    /// Marks an `after` task as done.
    pub(super) async fn mark_done(&self, task: &TaskPlan) {
        let stage = self.manifest.stage.as_deref();
        let marks = done_marks(self.plan, task, &self.registered, stage, &self.release.id);
        if let Err(error) = set_marks(&marks, self.aws).await {
            let note = format!(
                "the next deploy may run `{}` again, because its success is not recorded: {error}",
                task.key
            );
            self.context.reporter.report(&Event::Note(&note));
        }
    }
}
