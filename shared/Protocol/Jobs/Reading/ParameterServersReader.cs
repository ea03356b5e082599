namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>training.parameterServers</c>.</summary>
internal static class ParameterServersReader
{
    /// <param name="strategy">Of the weighting: some must see whole gradients, which only one server in the coordinator does.</param>
    public static ParameterServerSettings Read(Section training, string strategy)
    {
        var section = training.MapOrDefaults("parameterServers");
        var servers = new ParameterServerSettings(
            section.Whole("count", ParameterServerSettings.Default.Count, NumberRange.Between(1, ParameterServerSettings.MaxCount)),
            section.Choice<ServerPlacement>("placement") ?? ParameterServerSettings.Default.Placement);
        section.RefuseUnknownKeys();
        if (servers != ParameterServerSettings.Default && section.Scope.Weightings.Any(weighting => weighting.Name == strategy && weighting.RewritesRows))
        {
            section.Report(
                servers.Count > 1 ? "count" : "placement",
                $"weighting strategy {strategy} rewrites the tasks' gradients element by element, which one server in the coordinator alone can do; take training.parameterServers out, or choose another strategy");
        }
        return servers;
    }
}
