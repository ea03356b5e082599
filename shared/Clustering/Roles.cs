namespace DistMtl.Clustering;

/// <summary>What a node of the cluster is for.</summary>
public static class Roles
{
    public const string Coordinator = "coordinator";
    public const string Worker = "worker";
}
