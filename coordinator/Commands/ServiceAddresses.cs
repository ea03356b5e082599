using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary>Where a service takes requests, as <c>--to</c> names it.</summary>
internal static class ServiceAddresses
{
    /// <summary>One address, or those of all coordinators of one service, with commas.</summary>
    /// <exception cref="JobException">One is none.</exception>
    public static IReadOnlyList<Uri> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty("").Select(ParseOne)];

    private static Uri ParseOne(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? url
            : throw new JobException($"--to is '{text}'; it must be an address such as http://10.0.0.5:8080, or several with commas");
}
