namespace DistMtl.Coordinator.Report;

/// <summary>Writes <c>report.html</c>.</summary>
internal static class HtmlReport
{
    public static void Write(Runs.RunDirectory run) => Runs.AtomicFile.WriteText(run.ReportPath, "");
}
