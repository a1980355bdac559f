/**
 * The forge room: what a workflow step on GitHub (or GitHub Enterprise Server) is told and what it says.
 *
 *     readInputs(), readEvent(env)       what the workflow asks for, what happened in the repository
 *     openLog(workspace)                 the step's log: notices, annotations, groups, outputs, summary
 *     openGitHub(access)                 the API, with bounded retries
 *     postComment(github, post)          the one comment of a suite on a pull request
 */
export { openLog } from './actionsCore.ts';
export { checkAnnotations, errorAnnotation } from './annotations.ts';
export { COMMENT_RESERVE } from './commentBody.ts';
export { readEvent } from './event.ts';
export { readInputs } from './inputs.ts';
export { openGitHub } from './octokit.ts';
export { pictureAddress } from './pictureAddress.ts';
export { postComment } from './postComment.ts';
export { stepOutputs } from './stepOutputs.ts';
