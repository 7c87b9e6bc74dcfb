"""What the network alone can do: forward and backward pass of a step's images, and the teacher's pass of the photos."""

from __future__ import annotations

import torch

from tools.train_speed.clock import Clock, Speed
from train.compute.device import computes_in_bfloat16, default_device, replica_count
from train.compute.thread_replicas import ThreadReplicas
from train.losses.teacher import make_teacher
from train.networks.new_network import new_network
from train.params import TrainParams


def network_alone(params: TrainParams, classes: int, steps: int) -> Speed:
    """Of random images, over and over; no losses of adaptation, optimiser, schedule or averaging. A GPU is asked
    for one kernel after the other, as PyTorch does by itself.
    """
    device = default_device()
    clock = Clock(device)
    network = new_network(params.backbone, params.weights, classes, params.image_size).to(device)
    network.in_bfloat16 = computes_in_bfloat16(params.precision)
    student = ThreadReplicas(network.backbone, replica_count())
    averaged = make_teacher(network).eval()
    teacher = ThreadReplicas(averaged.backbone, replica_count())
    size = params.image_size
    images = torch.rand(2 * params.batch_size, 3, size, size, device=device)
    for _ in range(clock.warm_up + steps):
        pooled, outputs = student.forward(images, network.pooled_features)
        teacher.map_images(images[: params.batch_size], averaged.pooled_features)
        student.backward(2 * pooled.detach(), outputs)  # of the sum of squares
        student.collect_gradients()
        network.zero_grad(set_to_none=True)
        clock.step()
    return clock.speed(2 * params.batch_size)
