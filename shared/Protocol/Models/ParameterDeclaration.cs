using System.Collections.Immutable;
using DistMtl.Protocol.Models.Parts;

namespace DistMtl.Protocol.Models;

/// <summary>
/// Collects a model's parameters while its blueprint is drawn. It needs no tensor library, so that the coordinator, which
/// has none, lays out, initialises and updates what the workers' models read by the same names.
/// </summary>
public sealed class ParameterDeclaration
{
    /// <summary>Standard deviation of a fresh embedding.</summary>
    public const float EmbeddingScale = 0.05f;

    private readonly List<ParameterEntry> _entries;
    private readonly List<TableEntry> _tables;
    private readonly double? _learningRate;

    public ParameterDeclaration()
        : this([], [], null)
    {
    }

    private ParameterDeclaration(List<ParameterEntry> entries, List<TableEntry> tables, double? learningRate)
    {
        _entries = entries;
        _tables = tables;
        _learningRate = learningRate;
    }

    /// <summary>Shared ones first, as in the layout of the flat parameters.</summary>
    public ImmutableArray<TableEntry> Tables => [.. _tables.OrderBy(table => table.Task ?? -1)];

    /// <summary>The same collection; what is added through it learns at <paramref name="learningRate"/> (<see cref="ParameterEntry.LearningRate"/>).</summary>
    public ParameterDeclaration WithLearningRate(double? learningRate) => new(_entries, _tables, learningRate);

    /// <exception cref="ArgumentException">Two parameters have one name.</exception>
    /// <exception cref="OverflowException">More than 2^31 - 1 elements.</exception>
    public ParameterLayout ToLayout() => ParameterLayout.Create(_entries);

    /// <param name="task">The task that alone uses it; null: shared.</param>
    /// <returns>The name, for the part that will look it up.</returns>
    public string Add(string name, ImmutableArray<int> shape, int? task, Initializer initializer, float scale)
    {
        _entries.Add(new ParameterEntry(name, shape, 0, task, initializer, scale) { LearningRate = _learningRate });
        return name;
    }

    /// <returns>Its name.</returns>
    public string AddTable(TableEntry table)
    {
        _tables.Add(table);
        return table.Name;
    }

    /// <summary>A linear layer before a ReLU.</summary>
    public LinearPart Hidden(string name, int input, int output, int? task) => Linear(name, input, output, task, HiddenScale(input), 0);

    /// <summary>A linear layer whose output is used as it is: heads and gates start near indifference.</summary>
    public LinearPart Output(string name, int input, int output, int? task, float bias = 0) =>
        Linear(name, input, output, task, OutputScale(input), bias);

    /// <summary>Hidden layers one after another: <c>name.0</c>, <c>name.1</c>, ...; none where <paramref name="widths"/> is empty.</summary>
    public MlpPart Mlp(string name, int input, IReadOnlyList<int> widths, int? task)
    {
        var layers = new List<LinearPart>();
        foreach (var width in widths)
        {
            layers.Add(Hidden($"{name}.{layers.Count}", input, width, task));
            input = width;
        }
        return new MlpPart(layers, input);
    }

    /// <summary>
    /// Experts of one shape over one input. The first layer of all of them is one wide matrix product, later layers are
    /// one batched product.
    /// </summary>
    public ExpertsPart Experts(string name, int count, int input, IReadOnlyList<int> widths, int? task)
    {
        var layers = new List<(string Weight, string Bias)>();
        foreach (var width in widths)
        {
            var layer = $"{name}.{layers.Count}";
            var isFirst = layers.Count == 0;
            layers.Add((
                Add(layer + ".weight", isFirst ? [input, count * width] : [count, input, width], task, Initializer.Uniform, HiddenScale(input)),
                Add(layer + ".bias", isFirst ? [count * width] : [count, 1, width], task, Initializer.Constant, 0)));
            input = width;
        }
        return new ExpertsPart(count, layers, input);
    }

    /// <summary>Layer normalisation over the last dimension.</summary>
    public NormPart Norm(string name, int width, int? task) => new(
        Add(name + ".weight", [width], task, Initializer.Constant, 1), Add(name + ".bias", [width], task, Initializer.Constant, 0));

    /// <summary>He et al. 2015, eq. 10, as a uniform bound: keeps the variance through ReLU.</summary>
    public static float HiddenScale(int fanIn) => MathF.Sqrt(6f / fanIn);

    /// <summary>PyTorch's bound for a linear layer.</summary>
    public static float OutputScale(int fanIn) => 1f / MathF.Sqrt(fanIn);

    /// <param name="scale">Bound of the first weights, which are uniform.</param>
    /// <param name="bias">The first biases.</param>
    public LinearPart Linear(string name, int input, int output, int? task, float scale, float bias) => new(
        Add(name + ".weight", [input, output], task, Initializer.Uniform, scale),
        Add(name + ".bias", [output], task, Initializer.Constant, bias),
        input,
        output);
}
