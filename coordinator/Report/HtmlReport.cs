using System.Net;
using System.Text.RegularExpressions;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Report;

/// <summary>
/// Writes <c>report.html</c> from what else is in the run folder: one file that refers to nothing outside itself, so
/// that it can be mailed and opened anywhere.
/// </summary>
internal static partial class HtmlReport
{
    /// <exception cref="Protocol.JobException">The summary cannot be read.</exception>
    public static void Write(RunDirectory run)
    {
        // A run that was killed has no summary; its report shows how far it came.
        var summary = File.Exists(run.SummaryPath) ? run.ReadSummary() : null;
        var job = File.Exists(run.JobPath) ? File.ReadAllText(run.JobPath) : null;
        AtomicFile.WriteText(run.ReportPath, Page(Path.GetFileName(run.Root), summary, RunMetrics.Read(run.MetricsPath), job));
    }

    private static string Page(string folder, RunSummary? summary, RunMetrics metrics, string? job)
    {
        var parts = new Dictionary<string, string>
        {
            ["title"] = WebUtility.HtmlEncode(summary?.Name ?? folder),
            ["body"] = ReportBody.Html(folder, summary, metrics, job),
            ["data"] = ChartData.Json(metrics),
            ["css"] = Asset("report.css"),
            ["js"] = Asset("report.js"),
            ["uplot-css"] = Asset("uPlot.min.css"),
            ["uplot-js"] = Asset("uPlot.iife.min.js"),
            ["uplot-licence"] = Asset("uPlot.LICENSE"),
        };
        // In one pass: what a part contains is not looked at again.
        return Placeholder().Replace(Asset("report.html"), match => parts[match.Groups[1].Value]);
    }

    private static string Asset(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report/" + name)
            ?? throw new InvalidOperationException($"the resource {name} is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\{\{([a-z-]+)\}\}")]
    private static partial Regex Placeholder();
}
