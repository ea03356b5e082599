using System.Collections.Immutable;
using DistMtl.Data;
using DistMtl.Learning.Layers;
using DistMtl.Learning.Losses;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>
/// A worker's model: takes parameters, gives gradient sums or predictions. Everything runs on the calling thread, which
/// must always be the same one (<see cref="TorchThread"/>).
/// </summary>
public sealed class Learner : IDisposable
{
    private readonly ModelSettings _settings;
    private readonly ModelInputs _inputs;
    private readonly ParameterLayout _layout;
    private readonly FlatParameters _parameters;
    private readonly PulledTables _tables;
    private readonly MultiTaskModel _model;

    public Learner(ModelSettings model, ModelInputs inputs, Device device)
    {
        _settings = model;
        _inputs = inputs;
        var blueprint = ModelBlueprint.Create(model, inputs);
        _layout = blueprint.Layout;
        _parameters = new FlatParameters(_layout, device);
        _tables = new PulledTables(blueprint.Tables);
        _model = new MultiTaskModel(blueprint, _parameters, _tables);
        Tables = blueprint.Tables;
    }

    /// <summary>The sparse tables, whose rows come with each micro-batch.</summary>
    public ImmutableArray<TableEntry> Tables { get; }

    public ParameterLayout Layout => _layout;

    public void Load(ReadOnlySpan<float> parameters_P) => _parameters.Load(parameters_P);

    /// <summary>The gradient of sum_t coefficient_t * (task t's loss sum): one backward pass.</summary>
    /// <param name="rows">The micro-batch; its ids of sparse tables count the rows of <paramref name="pulled"/>.</param>
    /// <param name="gradients">Receives the gradient of the P parameters, then that of the pulled rows (<see cref="TableShape"/>).</param>
    /// <returns>lossSums_T, without the coefficients.</returns>
    public double[] CombinedGradient(EncodedRows rows, PulledRows pulled, ulong seed, ReadOnlySpan<float> coefficients_T, Span<float> gradients)
    {
        using var scope = NewDisposeScope();
        using var dropout = Dropout.Create(_settings.Dropout, seed, _parameters.Device);
        var losses_T = Losses(rows, pulled, dropout);
        var total = losses_T[0] * coefficients_T[0];
        for (var task = 1; task < losses_T.Length; task++)
            total += losses_T[task] * coefficients_T[task];
        _parameters.Differentiate(total, keepGraph: false);
        _parameters.CopyGradients(0, gradients[.._layout.Length]);
        var ofRows = gradients[_layout.Length..];
        ofRows.Clear();
        _tables.AddGradients(new TableShape(Tables, losses_T.Length, IsPerTask: false), null, ofRows);
        return Numbers(losses_T);
    }

    /// <summary>The gradient of every task's loss sum: T backward passes.</summary>
    /// <param name="rows">As in <see cref="CombinedGradient"/>.</param>
    /// <param name="gradients">
    /// Receives T times the shared elements, then once all tasks' own (GradientShape.PerTask), then those of the pulled rows.
    /// </param>
    /// <returns>lossSums_T.</returns>
    public double[] TaskGradients(EncodedRows rows, PulledRows pulled, ulong seed, Span<float> gradients)
    {
        using var scope = NewDisposeScope();
        using var dropout = Dropout.Create(_settings.Dropout, seed, _parameters.Device);
        var losses_T = Losses(rows, pulled, dropout);
        var shared = _layout.SharedLength;
        var shape = new TableShape(Tables, losses_T.Length, IsPerTask: true);
        var ofRows = gradients[((losses_T.Length - 1) * shared + _layout.Length)..];
        ofRows.Clear();
        for (var task = 0; task < losses_T.Length; task++)
        {
            _parameters.Differentiate(losses_T[task], keepGraph: task < losses_T.Length - 1);
            _parameters.CopyGradients(0, gradients.Slice(task * shared, shared));
            var (own, length) = _layout.OwnRange(task).GetOffsetAndLength(_layout.Length);
            _parameters.CopyGradients(own, gradients.Slice(losses_T.Length * shared + own - shared, length));
            _tables.AddGradients(shape, task, ofRows);
        }
        return Numbers(losses_T);
    }

    /// <returns>Task by task B x O predictions: probabilities, or regression values in the label's standardised unit, or retrieval ranks (1 is best).</returns>
    public float[][] Predict(EncodedRows rows, PulledRows pulled)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _tables.Bind(pulled);
        var logits_T = _model.Predict(rows);
        return [.. logits_T.Select((logits_BO, task) => Prediction(rows, task, logits_BO).cpu().contiguous().data<float>().ToArray())];
    }

    public void Dispose() => _parameters.Dispose();

    private Tensor Prediction(EncodedRows rows, int task, Tensor logits_BO) => _inputs.Tasks[task].Retrieval is { } retrieval
        ? Retrieval.Ranks(retrieval, rows, logits_BO, _model.Items(task))
        : TaskLoss.Predict(_inputs.Tasks[task].Kind, logits_BO);

    private Tensor[] Losses(EncodedRows rows, PulledRows pulled, Dropout dropout)
    {
        _tables.Bind(pulled);
        var logits_T = _model.Forward(rows, dropout);
        var labels_BT = tensor(rows.Labels_BT, [rows.Count, rows.TaskCount]).to(_parameters.Device);
        var weights_B = rows.Weights_B is null ? null : tensor(rows.Weights_B).to(_parameters.Device);
        Tensor[] losses_T = [.. logits_T.Select((logits_BO, task) => _inputs.Tasks[task].Retrieval is { } retrieval
            ? Retrieval.Loss(retrieval, rows, task, logits_BO, _model.Items(task))
            : TaskLoss.Sum(_inputs.Tasks[task], logits_BO, labels_BT.select(1, task), weights_B))];
        if (_settings.Architecture == Architecture.Aitm && _settings.Calibrator > 0)
            OrderLoss.Add(losses_T, _inputs.Tasks, logits_T, labels_BT, weights_B, _settings.Calibrator);
        return losses_T;
    }

    /// <summary>One wait for the device for all tasks.</summary>
    private static double[] Numbers(Tensor[] losses_T) =>
        [.. stack(losses_T.Select(loss => loss.detach())).cpu().data<float>().ToArray().Select(loss => (double)loss)];
}
