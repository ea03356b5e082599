namespace DistMtl.Protocol.Jobs;

/// <summary>One thing that is wrong with a job, at the place where its user can mend it.</summary>
/// <param name="File">The job file as the user named it, or the override (<c>--set data.train</c>).</param>
/// <param name="Line">1 for the first; 0 where there is no line (an override, a file that cannot be read).</param>
/// <param name="Column">1 for the first; 0 where there is no line.</param>
/// <param name="Message">One line: what is wrong and what would be right.</param>
public sealed record JobProblem(string File, int Line, int Column, string Message)
{
    public override string ToString() => Line == 0 ? $"{File}: {Message}" : $"{File}:{Line}:{Column}: {Message}";
}
