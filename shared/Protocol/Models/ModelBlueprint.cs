using System.Collections.Immutable;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models.Architectures;

namespace DistMtl.Protocol.Models;

/// <summary>
/// A model on paper: its parts by the names of their parameters, without a tensor. The coordinator takes the layout from
/// it, the workers build the tensors' side of the same parts (Learning).
/// </summary>
/// <param name="Inputs">One for all tasks; one for each task in a single-task model.</param>
/// <param name="Trunk">Between the input and the towers.</param>
/// <param name="Towers">One for each task.</param>
/// <param name="Graph">Which tower takes another's output.</param>
public sealed record ModelBlueprint(
    ModelSettings Settings,
    ModelInputs ModelInputs,
    IReadOnlyList<InputBlueprint> Inputs,
    TrunkBlueprint Trunk,
    IReadOnlyList<TowerBlueprint> Towers,
    TaskGraph Graph,
    ParameterLayout Layout)
{
    /// <summary>The tables that are no part of the layout.</summary>
    public ImmutableArray<TableEntry> Tables { get; init; } = [];

    /// <exception cref="JobException">More than 2^31 - 1 parameters.</exception>
    public static ModelBlueprint Create(ModelSettings model, ModelInputs inputs)
    {
        try
        {
            return Declare(model, inputs);
        }
        catch (OverflowException e)
        {
            throw new JobException($"the model has more than {int.MaxValue} parameters outside of sparse tables; make its layers narrower, or its experts fewer", ExitCode.BadInput, e);
        }
    }

    private static ModelBlueprint Declare(ModelSettings model, ModelInputs inputs)
    {
        var parameters = new ParameterDeclaration();
        var graph = new TaskGraph(inputs.Tasks);
        IReadOnlyList<InputBlueprint> input = model.Architecture == Architecture.SingleTask
            ? [.. inputs.Tasks.Select((task, index) => InputBlueprint.Create(parameters, inputs, $"{task.Name}.", index))]
            : [InputBlueprint.Create(parameters, inputs, "", null)];
        var trunk = TrunkBlueprintTable.Create(new TrunkContext(parameters, model, inputs, graph));
        var towers = new TowerBlueprint[inputs.Tasks.Count];
        foreach (var task in graph.Order)
        {
            var width = trunk.Width + (trunk.Link == TaskLink.Towers ? graph.Predecessors(task).Sum(before => towers[before].Hidden.Width) : 0);
            var owner = trunk.Link is TaskLink.Towers or TaskLink.Logits ? graph.Owner(task) : task;
            var bias = trunk.Link == TaskLink.Logits && graph.Predecessors(task) is [var first] && !inputs.Tasks[task].IsConditional
                ? ConditionalBias(inputs.Tasks[task], inputs.Tasks[first])
                : inputs.Tasks[task].InitialBias;
            towers[task] = CreateTower(parameters, model, inputs.Tasks[task], width, owner, bias);
        }
        return new ModelBlueprint(model, inputs, input, trunk, towers, graph, parameters.ToLayout()) { Tables = parameters.Tables };
    }

    private static TowerBlueprint CreateTower(ParameterDeclaration parameters, ModelSettings model, ModelTask task, int width, int? owner, float bias)
    {
        var hidden = parameters.Mlp($"tower.{task.Name}", width, model.Tower, owner);
        return new TowerBlueprint(hidden, parameters.Output($"head.{task.Name}", hidden.Width, task.Outputs, owner, bias));
    }

    /// <summary>The logit of p(task | before), from the logits of both over all rows.</summary>
    private static float ConditionalBias(ModelTask task, ModelTask before)
    {
        var rate = Math.Clamp((1 + Math.Exp(-before.InitialBias)) / (1 + Math.Exp(-task.InitialBias)), 1e-4, 1 - 1e-4);
        return (float)Math.Log(rate / (1 - rate));
    }
}
