namespace DistMtl.Protocol.Models;

/// <summary>The keys of parameters in layouts and checkpoints. Changing one makes old checkpoints unreadable.</summary>
public static class ParameterNames
{
    public static string Table(string feature) => $"embedding.{feature}";

    public static string Bottom(int layer) => $"bottom.{layer}";

    public static string Experts(int layer) => $"experts.{layer}";

    public static string Gate(string task) => $"gate.{task}";

    public static string Tower(string task, int layer) => $"tower.{task}.{layer}";

    public static string Head(string task) => $"head.{task}";

    public static string Weight(string layer) => layer + ".weight";

    public static string Bias(string layer) => layer + ".bias";
}
